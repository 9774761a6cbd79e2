"""The Lambda handler: API Gateway's event in, its answer out, and never a crash in between."""

from apig_wsgi import make_lambda_handler

from apigateway import never_crashing
from flask_app.app import app

handler = never_crashing(make_lambda_handler(app))
