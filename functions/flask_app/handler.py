"""The Lambda handler: API Gateway's event in, its answer out, and never a crash in between."""

from apig_wsgi import make_lambda_handler

from flask_app.app import app
from gateway import never_crashing

handler = never_crashing(make_lambda_handler(app))
